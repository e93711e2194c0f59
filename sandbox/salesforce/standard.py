"""The objects of a Salesforce org as tables: standard ones with the custom fields that this firm added.

A line is a field: name, type (``>`` names what a reference points at), then flags. ``external`` is External ID, ``readonly`` is
what the platform itself derives, ``oneof`` starts the values of a restricted picklist.
"""

TABLES = """
object Account 001
Name string required
AccountNumber string
ParentId reference>Account
Type picklist
Industry picklist
Phone phone
Website url
Description textarea
BillingStreet textarea
BillingCity string
BillingState string
BillingPostalCode string
BillingCountry string
BillingCountryCode string
BillingAddress address readonly
Legal_Name__c string
Tax_Number__c string
Legal_Entity__c string
Erp_Customer_Id__c string external
Purchase_Order_Per_Workstream__c boolean
Open_Receivables__c currency
Overdue_Receivables__c currency
Disputed_Receivables__c currency
Customer_Credit__c currency
Exposure__c textarea

object Contact 003
Name string readonly
LastName string required
FirstName string
AccountId reference>Account
Email email
Phone phone
Title string

object User 005
Name string readonly
LastName string required
FirstName string
Username string required unique
Email email
IsActive boolean

object Opportunity 006
Name string required
AccountId reference>Account
StageName picklist required
CloseDate date required
Amount currency
Probability percent
Type picklist
Description textarea
NextStep string
IsClosed boolean readonly
IsWon boolean readonly
ForecastCategory picklist readonly
Contract_Reference__c string external unique
Legal_Entity__c string
Service_Line__c string
Region__c string
Bill_To__c reference>Account
Purchase_Orders__c textarea
Handoff_Status__c string
Handoff_Note__c textarea
Handoff_Key__c string external unique
Psa_Project_Id__c string
Erp_Project_Id__c string
Workspace_Url__c url
Open_Receivables__c currency
Overdue_Receivables__c currency
Disputed_Receivables__c currency
Invoices__c textarea
SBQQ__PrimaryQuote__c reference>SBQQ__Quote__c
SBQQ__Contracted__c boolean
SBQQ__Ordered__c boolean

object Contract 800
ContractNumber string readonly
Name string
AccountId reference>Account required
Status picklist oneof Draft|In Approval Process|Activated
StartDate date
EndDate date readonly
ContractTerm double
ActivatedDate datetime readonly
CompanySignedDate date
CustomerSignedDate date
Description textarea
Contract_Reference__c string external unique
Legal_Entity__c string
SBQQ__Opportunity__c reference>Opportunity
SBQQ__Quote__c reference>SBQQ__Quote__c

object Task 00T
Subject string
Description textarea
Status picklist
Priority picklist
ActivityDate date
WhatId reference>Opportunity|Account|Contract|SBQQ__Quote__c
WhoId reference>Contact
IsClosed boolean readonly
Handoff_Key__c string external unique

object FeedItem 0D5 feed
ParentId reference>Opportunity|Account|Contract|SBQQ__Quote__c required
Body textarea required
Title string
LinkUrl url
Type picklist

object Product2 01t
Name string required
ProductCode string
Family picklist
Description textarea
IsActive boolean
SBQQ__BillingFrequency__c picklist
SBQQ__BillingType__c picklist
SBQQ__ChargeType__c picklist
SBQQ__SubscriptionPricing__c picklist
SBQQ__SubscriptionTerm__c double
SBQQ__SubscriptionType__c picklist
SBQQ__TaxCode__c string
SBQQ__Taxable__c boolean
"""

OURS_ON_QUOTE_LINE = """
Line_Reference__c string
Billing_Kind__c picklist oneof fixed_fee|time_and_materials|subscription|retainer|usage
Workstream__c string
Role__c string
Service_Template__c string
"""

STAGES = {
    "Prospecting": (False, False, 10, "Pipeline"),
    "Qualification": (False, False, 10, "Pipeline"),
    "Proposal/Price Quote": (False, False, 75, "Best Case"),
    "Negotiation/Review": (False, False, 90, "Commit"),
    "Contracting": (False, False, 95, "Commit"),
    "Closed Won": (True, True, 100, "Closed"),
    "Closed Lost": (True, False, 0, "Omitted"),
}
